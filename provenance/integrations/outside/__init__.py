"""The half of an integration that runs inside a host that cannot import this library.

Some hosts pin a Python or a numpy that is too old for the rest of the package. They load these
modules by path, under another name, from the installation that stamps (`PROVENANCE_PYTHON`), and
hand the pictures to a process of that installation: `provenance.integrations.worker`. So nothing
here imports anything but the standard library, Pillow and its neighbours, and all of it has to
run on Python 3.10 with Pillow 9.5.
"""
