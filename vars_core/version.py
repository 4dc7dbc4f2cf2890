"""The one place that says which version of VARS Studio this is; the wheel's is read from here."""

VERSION = "0.2.0"
