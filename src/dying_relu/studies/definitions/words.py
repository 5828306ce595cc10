"""What definitions of a dead unit are called, in the order of tables; the names are `engine.definitions`'s."""

WORDS = {
    "dead": "silent on the whole training set",
    "test": "silent on the test set",
    "test_noise_1": "silent on the test set with noise",
    "batch_test": "silent on as many training samples",
    "active_0.01": "active on at most 1 %",
    "batch_8": "silent on a batch of 8",
    "batch_16": "silent on a batch of 16",
    "batch_32": "silent on a batch of 32",
    "batch_64": "silent on a batch of 64",
    "batch_128": "silent on a batch of 128",
    "batch_256": "silent on a batch of 256",
    "batch_512": "silent on a batch of 512",
    "some_batch": "silent on some batch of an epoch",
    "dormant_0": "τ-dormant, τ = 0",
    "dormant_0.025": "τ-dormant, τ = 0.025",
    "dormant_0.1": "τ-dormant, τ = 0.1",
    "frozen": "gradient exactly zero",
}
