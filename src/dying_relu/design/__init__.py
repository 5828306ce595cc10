"""What is to be trained: settings, catalogue, studies and their plan; light imports only."""
