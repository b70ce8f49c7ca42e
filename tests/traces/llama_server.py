"""Serve a GGUF file with llama.cpp until the standard input closes: `llama_server.py FILE PORT`."""

import sys

import xllamacpp

parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[1]
parameters.hostnames = ["127.0.0.1"]
parameters.port = int(sys.argv[2])
parameters.n_gpu_layers = 0
parameters.n_ctx = 4096
parameters.n_parallel = 4
parameters.cpuparams.n_threads = 1  # more would wait for one another on a busy machine
server = xllamacpp.Server(parameters)
print(server.listening_address, flush=True)
sys.stdin.read()
