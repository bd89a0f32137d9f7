"""A journal's biweekly newsletter: from stored articles to accounted-for mail."""
