"""Checkpoints: copies of a partition's state in a folder or an object store, for owners that lack their own.

    <place>/<log>/facts-0003/manifest-00000000000000041200.json     what belongs together, named by its position
                            /blobs/<sha256>                          the files of RocksDB, by their content

Rules: RocksDB never changes a table file, so a checkpoint uploads only those that are new since the last. A
manifest comes last and is never overwritten: what has none does not exist, and what has one was whole. Higher
position wins. Must not know: rules, subjects, who owns a partition.
"""

from stores.checkpoints.manifest import Manifest
from stores.checkpoints.place import Place
from stores.checkpoints.shelf import KEEP, Kept, Shelf, Shipped
from stores.checkpoints.shelves import Shelves

__all__ = ["KEEP", "Kept", "Manifest", "Place", "Shelf", "Shelves", "Shipped"]
