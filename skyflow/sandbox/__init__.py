"""The other side of the wire: a provider on this machine, to try and to break a client against.

``app.create`` gives one ASGI application that speaks the provider's protocol, keeps what it was asked and what it
charged in a folder, and misbehaves where a file of faults says so. ``server`` puts it on a socket. It reads the
model's page and the protocol for itself and never the client's code: the two agree through the protocol, not by
sharing a mistake.
"""
