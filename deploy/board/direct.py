"""The notice board with no proxy in front, for mod_wsgi: what Apache says of a request is true."""

from notice_board import create_app

app = create_app()
