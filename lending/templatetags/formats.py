"""Days and moments in templates, as `lending.formats` has them."""

from django import template

from lending import formats

register = template.Library()
register.filter("day", formats.day)
register.filter("moment", formats.moment)
register.filter("instant", formats.instant)
