"""Writes the syntax trees of Python files as JSON.

Input, for each file: its size in bytes, a line feed, its bytes. Output, for each file: the size of the answer, a
line feed, the answer. Nothing of a file is imported or run.
"""

import ast
import io
import json
import sys
import threading
import tokenize
import warnings

DEEPEST = 2500  # nodes within nodes


class TooDeep(Exception):
    pass


def tree(value, depth=0):
    if depth > DEEPEST:
        raise TooDeep
    if isinstance(value, ast.Constant):
        return {"_": "Constant", "at": place(value), **constant(value.value)}
    if isinstance(value, ast.AST):
        out = {"_": type(value).__name__}
        if hasattr(value, "lineno"):
            out["at"] = place(value)
        for name in value._fields:
            field = getattr(value, name, None)
            if field is not None:
                out[name] = tree(field, depth + 1)
        return out
    if isinstance(value, list):
        return [tree(item, depth + 1) for item in value]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    return {"_": type(value).__name__}


def place(node):
    return [node.lineno, node.col_offset, node.end_lineno, node.end_col_offset]


def constant(value):
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:  # half of a surrogate pair
            return {"kind": "other", "text": ascii(value)}
        return {"kind": "str", "text": value}
    if isinstance(value, (bool, int, float, bytes)) or value is None:
        try:
            return {"kind": type(value).__name__, "text": str(value)}
        except ValueError:  # more digits than Python converts
            pass
    return {"kind": "other", "text": type(value).__name__}


def text(source):
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    return source.decode(encoding)


def answer(source):
    try:
        return {"tree": tree(ast.parse(source, "file")), "text": text(source)}
    except SyntaxError as e:
        return {"error": e.msg or "invalid syntax", "line": e.lineno or 0, "column": e.offset or 0}
    except (RecursionError, MemoryError, TooDeep):
        return {"error": "nested too deeply"}
    except (ValueError, LookupError) as e:
        return {"error": str(e)}


def encoded(source):
    try:
        return json.dumps(answer(source)).encode("ascii")
    except (RecursionError, MemoryError):
        return b'{"error": "nested too deeply"}'


def main():
    read, write = sys.stdin.buffer, sys.stdout.buffer
    while True:
        size = read.readline()
        if not size:
            return
        reply = encoded(read.read(int(size)))
        write.write(b"%d\n%s" % (len(reply), reply))
        write.flush()


try:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
except (ImportError, ValueError, OSError):
    pass  # not on this system
warnings.simplefilter("ignore")
sys.setrecursionlimit(20000)
threading.stack_size(64 << 20)
worker = threading.Thread(target=main)
worker.start()
worker.join()
