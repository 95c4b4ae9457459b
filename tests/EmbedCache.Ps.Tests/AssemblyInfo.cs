// One process has one PSModulePath and one pool of open files: tests of sessions run one after another.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
