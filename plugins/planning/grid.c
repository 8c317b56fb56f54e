/* Grids: which level a likelihood and an impact give. */
#include "planning.h"
#include <string.h>

const struct planning_known_grid planning_grids[] = {
    {"3x3_3", 3, 3, "011112122"},
    {"4x4_3", 4, 3, "0001001111221222"},
    {"4x4_5", 4, 5, "0011012212331234"},
    {"5x5_5", 5, 5, "0011101122112331233423344"},
    {"5x5_4", 5, 4, "0001100112011231123312333"},
    {"6x6_4", 6, 4, "000013001123011223012223012233122333"},
    {0},
};

bool planning_grid_known(const char *name, struct planning_grid *out)
{
    for (const struct planning_known_grid *g = planning_grids; g->name; g++) {
        if (strcmp(g->name, name) != 0)
            continue;
        *out = (struct planning_grid){.rows = g->size, .columns = g->size};
        for (int i = 0; i < g->size * g->size; i++)
            out->level[i / g->size][i % g->size] = g->cells[i] - '0';
        return true;
    }
    return false;
}

const char *planning_grid_fault(const struct planning_grid *grid, int levels)
{
    for (int l = 0; l < grid->rows; l++)
        for (int i = 0; i < grid->columns; i++) {
            if (grid->level[l][i] < 0 || grid->level[l][i] >= levels)
                return "names a level that the method does not have: levels count from 0";
            if (l > 0 && grid->level[l][i] < grid->level[l - 1][i])
                return "falls when likelihood rises: a grid never does";
            if (i > 0 && grid->level[l][i] < grid->level[l][i - 1])
                return "falls when impact rises: a grid never does";
        }
    return NULL;
}

/* GET grids */
enum bl_status planning_grid_list(struct bl_request *r)
{
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (const struct planning_known_grid *g = planning_grids; g->name; g++) {
        bl_json_object(r, NULL);
        bl_json_text(r, "name", g->name);
        bl_json_integer(r, "levels", g->levels);
        bl_json_array(r, "grid");
        for (int l = 0; l < g->size; l++) {
            bl_json_array(r, NULL);
            for (int i = 0; i < g->size; i++)
                bl_json_integer(r, NULL, g->cells[l * g->size + i] - '0');
            bl_json_close(r);
        }
        bl_json_close(r);
        bl_json_close(r);
    }
    bl_json_close(r);
    bl_json_close(r);
    return BL_OK;
}
