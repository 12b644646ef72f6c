"""From labelled items to a model: reading labels, training, evaluation, the model card."""
