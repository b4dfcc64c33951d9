"""The borrowers' pages in a real browser: Debian's Chromium, driven by Playwright.

`apt-get install chromium`, and `bash tests/browser/install.sh` for axe. Without a
browser the tests are skipped, and say so. Screenshots go to `.data/browser/`.
"""
