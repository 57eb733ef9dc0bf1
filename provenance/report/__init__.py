"""The report document and its renderers. They know the model, and nothing that examines."""
