from importlib.util import find_spec

# Not tests themselves, and nothing without PyTorch; doctests are looked for in every module.
collect_ignore = [] if find_spec("torch") else ["float_error.py", "torch_zoo.py"]
