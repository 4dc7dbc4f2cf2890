"""The tests are one package: `tests.app` is not `app`."""
