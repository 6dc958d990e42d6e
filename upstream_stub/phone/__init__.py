"""The stub phone: an SMS provider of the shape of 46elks, and a page that shows what it got."""
