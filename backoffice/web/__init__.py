"""Between gunicorn and Django: who may wait, how long, and how many at once."""
