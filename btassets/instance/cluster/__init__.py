"""Steps on the workers of several hosts: settings of Celery, the worker, its facts, and the check of all of them."""
