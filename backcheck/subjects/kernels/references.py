"""placeholder until the references are joined"""


def kind_of(reference, arrays, config):
    return "torch"


def reference_as_torch(reference, kind):
    return reference
