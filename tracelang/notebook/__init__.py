"""`%load_ext tracelang`: traces in IPython and Jupyter, with tables and charts as results."""
