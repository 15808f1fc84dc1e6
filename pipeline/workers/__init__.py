"""Where trainings are computed: in this process, in processes beside it, on a Dask cluster."""
