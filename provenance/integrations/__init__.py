"""Where pictures are made: adapters that stamp in a host's own path, and what watches over them.

Each is one module or package, named after its host. They call the library's two doors and know
their host by the shape of its objects; no host is imported.
"""
