"""Providers that report by webhook, a module each. Its name is the end of its path on the site, ``/hooks/NAME``.

A module is found by being here. It has a class ``Webhook``, made with the key that its requests are verified with and a
``Fetch``, whose instances are a ``ReadWebhook``.
"""
