"""Registry of public recordings; installed as package data of ``wmsim.registry``."""
