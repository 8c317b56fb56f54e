/* Reads a QR code from its SVG by zbar, which has no code in common with what made it. */
#ifndef SUPPORT_QR_H
#define SUPPORT_QR_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The modules as a picture (PGM), each of 6 dots, as the view box and the paths "Mx yh1v1h-1z" of the SVG say. False: it has
 * another shape. */
static inline bool qr_draw(const char *svg, FILE *out)
{
    enum { DOTS = 6, SIDE = 200 };
    static unsigned char dark[SIDE][SIDE];
    int side = 0, high = 0, x, y, used;
    const char *box = strstr(svg, "viewBox=\"0 0 "), *path = strstr(svg, " d=\"");
    memset(dark, 0, sizeof dark);
    if (!box || !path || sscanf(box, "viewBox=\"0 0 %d %d\"", &side, &high) != 2 || side != high || side > SIDE)
        return false;
    for (path += 4; *path != '"'; path += used) {
        used = 0;
        if (sscanf(path, "M%d %dh1v1h-1z%n", &x, &y, &used) != 2 || used == 0 || x < 0 || y < 0 || x >= side || y >= side)
            return false;
        dark[y][x] = 1;
    }
    fprintf(out, "P5 %d %d 255\n", side * DOTS, side * DOTS);
    for (y = 0; y < side * DOTS; y++)
        for (x = 0; x < side * DOTS; x++)
            fputc(dark[y / DOTS][x / DOTS] ? 0 : 255, out);
    return true;
}

/* What the code says goes to `text`; "": nothing was read. */
static inline void qr_read(const char *svg, char *text, size_t room)
{
    char file[] = "/tmp/ballium-qr-XXXXXX.pgm", line[80];
    int fd = mkstemps(file, 4);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    text[0] = '\0';
    if (!out)
        return;
    bool drawn = qr_draw(svg, out);
    fclose(out);
    snprintf(line, sizeof line, "zbarimg -q --raw -Sdisable -Sqrcode.enable %s 2>/dev/null", file);
    FILE *pipe = drawn ? popen(line, "r") : NULL;
    size_t length = pipe ? fread(text, 1, room - 1, pipe) : 0;
    text[length] = '\0';
    if (length > 0 && text[length - 1] == '\n')
        text[length - 1] = '\0';
    if (pipe)
        pclose(pipe);
    unlink(file);
}

#endif
