"""The one part that is compiled; all else about the package is in pyproject.toml.

Words are decoded several times faster by a small C extension. It is built where pip finds a C compiler and the Python headers
(Debian: gcc, python3-dev); everywhere else numpy does the same, and nothing fails. numba would need no compiler, but takes
120 MB of memory before it decodes a word.
"""

from setuptools import Extension, setup

setup(ext_modules=[Extension("pipeline.text.decoder", ["pipeline/text/decoder.c"], optional=True)])
