# HTML on standard input, PDF on standard output. Runs in a child of `ballium work` that has no network and no files but fonts.
import base64
import sys

from weasyprint import HTML

INLINE = 'data:image/svg+xml;base64,'


def fetch(url):
    """Pictures that are in the document itself; nothing else is ever fetched."""
    if url.startswith(INLINE):
        return {'string': base64.b64decode(url[len(INLINE):]), 'mime_type': 'image/svg+xml'}
    raise ValueError('nothing is fetched')


html = sys.stdin.buffer.read().decode('utf-8')
sys.stdout.buffer.write(HTML(string=html, url_fetcher=fetch).write_pdf(variant='pdf/ua-1'))
