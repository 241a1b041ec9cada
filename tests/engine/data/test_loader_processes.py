"""Loader and scanning processes end with the process that started them, however it ends."""

import subprocess
import sys
import textwrap

import psutil
import pytest

PROGRAMS = {
    "loader": """
        import sys, time
        from engine.data.loader import make_loader
        from engine.data.sources import open_pictures
        from engine.data.views import RandomResizedCrop

        class View:
            def __call__(self, picture, rng):
                return {"image": RandomResizedCrop(8)(picture, rng)}

        if __name__ == "__main__":
            pictures = open_pictures("builtin:shapes")
            batches = make_loader(
                pictures, pictures.train, view_maker=View(), batch_size=4, seed=0, start_step=0, total_steps=10**6,
                workers=2,
            )
            next(batches)
            print("ready", flush=True)
            time.sleep(300)
        """,
    "scan": """
        import sys, time
        from engine.data.scan import scan

        def told(progress):
            if progress.done:
                print("ready", flush=True)
                time.sleep(300)

        if __name__ == "__main__":
            scan("builtin:shapes", on_progress=told)
        """,
}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends the children of a job by itself")
@pytest.mark.parametrize("kind", PROGRAMS)
def test_no_process_outlives_a_killed_parent(kind, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAMS[kind]))
    with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        children = psutil.Process(parent.pid).children(recursive=True)
        assert children
        parent.kill()
        parent.wait()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []
