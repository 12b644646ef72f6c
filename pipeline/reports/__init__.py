"""Documents: build(frozen data) gives a typed report; render(report) gives HTML, DOCX or JSON."""
