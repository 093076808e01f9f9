"""What Argo CD reads: Application, AppProject and the root app of apps, one readable template each and what fills
it.
"""
