/* QR codes (ISO/IEC 18004), medium correction, as SVG. */
#ifndef BASE_QR_H
#define BASE_QR_H

/* Black on white with the quiet zone of four modules; a module is one unit of the view box. Free: free. NULL: no memory, or too
 * long for a code (some 2,300 bytes). */
char *qr_svg(const char *text);

#endif
