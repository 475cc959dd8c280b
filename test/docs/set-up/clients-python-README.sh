# What pip would install.
export PYTHONPATH=$repository/clients/python/src PYTHONDONTWRITEBYTECODE=1
