"""``python -m pedidos_server``: patches first, so that whatever is imported next is cooperative."""

from gevent import monkey

monkey.patch_all()

from .cli.main import main  # noqa: E402

if __name__ == "__main__":
    main()
