"""Training of small classifiers on a person's own labelled data; one trainer a task."""
