"""Takes over a Neutron deployment: its database becomes ours, object by object, under the same ids.

    with source.opened(url) as found:                        # one read-only transaction, one state
        report = run.take_over(found, store, settings)       # all of it, in one transaction, or nothing

`neutron` is the table of contents: which of its tables become which of ours, and which do not.
"""
