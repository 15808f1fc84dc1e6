"""The store of finished trainings: each is kept by what it depends on and never computed twice."""
