"""The worker: Faust agents around the pure steps. Faust is known here and in streams.transport only."""
