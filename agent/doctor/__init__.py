"""What `elevator-agent doctor` looks at: what each check measures, what it means, and what to do next."""
