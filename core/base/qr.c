#include "base/qr.h"

#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>

enum { QUIET = 4, MODULE = sizeof "M177 177h1v1h-1z" };

char *qr_svg(const char *text)
{
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    if (!code)
        return NULL;
    int width = code->width, side = width + 2 * QUIET;
    size_t room = 300 + (size_t)width * (size_t)width * MODULE, at;
    char *svg = malloc(room);
    if (svg) {
        at = (size_t)snprintf(svg, room,
                              "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"160\" height=\"160\">"
                              "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/><path d=\"",
                              side, side, side, side);
        for (int y = 0; y < width; y++)
            for (int x = 0; x < width; x++)
                if (code->data[y * width + x] & 1)
                    at += (size_t)snprintf(svg + at, room - at, "M%d %dh1v1h-1z", x + QUIET, y + QUIET);
        snprintf(svg + at, room - at, "\"/></svg>");
    }
    QRcode_free(code);
    return svg;
}
