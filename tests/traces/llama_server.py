"""Serve a GGUF file with llama.cpp until the standard input closes: `llama_server.py FILE PORT`."""

import sys


def serve(file, port):
    """Print the address, then wait."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = file
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.n_gpu_layers = 0
    parameters.n_ctx = 4096
    parameters.n_parallel = 4
    parameters.cpuparams.n_threads = 1  # more would wait for one another on a busy machine
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
