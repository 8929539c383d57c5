"""Any bytes against every stage: `laws` says what must hold, Hypothesis and Atheris look on."""
