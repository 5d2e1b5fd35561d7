"""Short training scripts: what it takes to use mlflow-latent."""
