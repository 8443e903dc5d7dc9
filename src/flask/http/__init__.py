"""HTTP: headers, streams, signed cookies and file responses, as Werkzeug has them but faster."""
