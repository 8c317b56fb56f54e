/* A test's records in an organisation where no demo record is in their way: outerwall, as its owner. */
#ifndef SUPPORT_OUTERWALL_H
#define SUPPORT_OUTERWALL_H

#include "api.h"

static struct api *owner;

static int set_up(void **state)
{
    (void)state;
    owner = api_as("outerwall", "owner");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    api_free(owner);
    return 0;
}

#endif
