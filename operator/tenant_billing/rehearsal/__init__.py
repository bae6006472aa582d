"""A rehearsal: the reconcilers at work on the real outside, with every write answered by what it would bring.

There is no second implementation of any decision: what is recorded are the calls that the reconcilers themselves
make. Reads go to the real account and the real registry; writes go nowhere and are laid over what is read later.
Writes to Kubernetes stay in memory.
"""
