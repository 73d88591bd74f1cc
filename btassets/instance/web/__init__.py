"""The web page of an instance: the application, the reports, and the request guard before both."""
