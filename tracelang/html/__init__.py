"""Results as HTML that suits any page: no scripts, no files, the page's own font and colours."""
