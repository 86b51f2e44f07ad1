"""What the oracle is asked: the prompt of a filter filled with an article.

An article is cleaned as the student reads it, a long one is compressed to its ends, scrape junk is set aside before
anything is spent on it, and tokens are estimated without a tokenizer. `oracle.run` calls it for every article,
`distillery select` for its junk rules, and the tests of each filter for its prompt.
"""
