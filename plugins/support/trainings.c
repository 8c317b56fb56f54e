/* Clause 7.2 c: what is done about missing competence, and whether it worked. */
#include "support.h"
#include <string.h>

const struct bl_field support_training_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_SEARCH | BL_TITLE | BL_FILTER,
     .label = "Training",
     .help = "What is done: a course, coaching, a drill, a move to another job for a while.",
     .min = 1,
     .max = 200,
     .example = "Restore drill for shift leaders"},
    {.name = "competence_id",
     .type = BL_REF,
     .ref = "support.competences",
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Competence",
     .help = "What those who take part shall be able to do afterwards."},
    {.name = "level",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .label = "Level aimed at",
     .help = "1 knows of it, 2 with help, 3 alone, 4 teaches it.",
     .initial = "3",
     .min = 1,
     .max = 4,
     .example = "3"},
    {.name = "method",
     .type = BL_ENUM,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Way",
     .help = "How it is taught.",
     .values = "course e_learning coaching drill self_study job_rotation",
     .initial = "course",
     .example = "drill"},
    {.name = "provider",
     .type = BL_TEXT,
     .label = "By whom",
     .help = "Who teaches it.",
     .max = 200,
     .example = "Our own archive team"},
    {.name = "owner_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_OWNER | BL_FILTER,
     .label = "Owner",
     .help = "Who sees to it that it is held and that its effect is looked at."},
    {.name = "planned_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Planned for",
     .help = "The day on which it shall be held.",
     .example = "2027-02-15"},
    {.name = "evaluate_after_days",
     .type = BL_INT,
     .flags = BL_REQUIRED,
     .label = "Look at its effect after … days",
     .help = "Some weeks: what lasts shows only then.",
     .initial = "60",
     .min = 1,
     .max = 730,
     .example = "60"},
    {.name = "cost",
     .type = BL_DECIMAL,
     .label = "Cost",
     .help = "In the organisation's currency.",
     .min = 0,
     .max = 1000000000,
     .scale = 2,
     .example = "1200.00"},
    {.name = "held_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Held on", .help = "Given when it was held."},
    {.name = "evaluate_on",
     .type = BL_DATE,
     .flags = BL_SERVER | BL_FILTER,
     .label = "Effect due on",
     .help = "Computed when it was held. Until it is judged the training stays open."},
    {.name = "evaluation_method",
     .type = BL_ENUM,
     .flags = BL_SERVER,
     .label = "How its effect was judged",
     .help = "Given with the judgement.",
     .values = "observation test interview results drill"},
    {.name = "finding",
     .type = BL_TEXT,
     .flags = BL_SERVER | BL_LONG,
     .label = "What was found",
     .help = "Given with the judgement.",
     .max = 5000},
    {.name = "evaluated_on", .type = BL_DATE, .flags = BL_SERVER | BL_FILTER, .label = "Judged on", .help = "Set by that."},
    {.name = "evaluated_by_id",
     .type = BL_REF,
     .ref = "core.member",
     .flags = BL_SERVER,
     .label = "Judged by",
     .help = "Set by that."},
    {.name = "next_step_on",
     .type = BL_DATE,
     .flags = BL_GENERATED | BL_DUE,
     .label = "Next step",
     .help = "Computed: the day it is planned for; once held, the day on which its effect is due.",
     .expr = "CASE status WHEN 'planned' THEN planned_on WHEN 'held' THEN evaluate_on END"},
    {0},
};

const struct bl_relation support_training_relations[] = {
    {.name = "participants", .to = "support.persons", .inverse = "trainings", .label = "Participants", .help = "Who takes part."},
    {0},
};

const struct bl_state support_training_states[] = {
    {.name = "planned", .label = "Planned", .help = "Not held yet.", .flags = BL_INITIAL},
    {.name = "held", .label = "Held", .help = "Over; whether it worked is open."},
    {.name = "effective", .label = "Effective", .help = "It worked.", .flags = BL_FROZEN | BL_CLOSED},
    {.name = "ineffective",
     .label = "Ineffective",
     .help = "It did not: something else is needed.",
     .flags = BL_FROZEN | BL_CLOSED},
    {.name = "cancelled", .label = "Cancelled", .help = "It was not held.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

static const char nobody_there[] =
    "SELECT '', 'participants_missing', 'nobody is named who took part: link them first'"
    " WHERE NOT EXISTS (SELECT FROM core.link WHERE tenant_id = $1 AND relation = 'support.trainings.participants' AND from_id = "
    "$2::uuid)";

static enum bl_status hold(struct bl_request *r, const struct bl_change *change)
{
    static const char sql[] =
        "SELECT $3::date + evaluate_after_days FROM support.training WHERE tenant_id = $1 AND id = $2::uuid";
    const char *args[] = {change->id, bl_text(change->after, "held_on")};
    struct bl_rows *rows;
    enum bl_status status = bl_not_future(r, change->after, "held_on");
    if (status == BL_OK)
        status = bl_sql(r, sql, args, 2, 0, &rows);
    if (status == BL_OK)
        bl_set(change, "evaluate_on", bl_cell(r, rows, 0, 0));
    return status;
}

/* Nobody judges whether he has learnt something himself, nor on the day itself. */
static const char judge_guard[] =
    "SELECT '', 'separation_of_duties', 'who took part does not judge the effect: somebody else has to'"
    " FROM core.link l JOIN support.person p ON p.tenant_id = $1 AND p.id = l.to_id AND p.member_id = $3::uuid"
    " WHERE l.tenant_id = $1 AND l.relation = 'support.trainings.participants' AND l.from_id = $2::uuid"
    " UNION ALL SELECT '/held_on', 'too_early', format('it was held on %s: its effect shows later than on the same day', held_on)"
    " FROM support.training WHERE tenant_id = $1 AND id = $2::uuid AND held_on >= " SUPPORT_TODAY;

static const struct bl_field hold_input[] = {
    {.name = "held_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED,
     .label = "Held on",
     .help = "The last day of it.",
     .example = "2026-02-16"},
    {0},
};
static const struct bl_field judge_input[] = {
    {.name = "evaluation_method",
     .type = BL_ENUM,
     .flags = BL_REQUIRED,
     .label = "How you found out",
     .help = "By watching the work, a test, talking, figures or a drill.",
     .values = "observation test interview results drill",
     .example = "drill"},
    {.name = "finding",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_LONG,
     .label = "What you found",
     .help = "What those who took part can do now, or still cannot.",
     .min = 1,
     .max = 5000,
     .example = "Three of four restored the system alone; the fourth asked once."},
    {0},
};

#define JUDGED                                                                                                                   \
    .sets = "evaluated_on=today evaluated_by_id=actor evaluation_method=input finding=input", .input = judge_input,              \
    .guard = judge_guard

const struct bl_transition support_training_transitions[] = {
    {.name = "hold",
     .from = "planned",
     .to = "held",
     .needs = "competence_id",
     .sets = "held_on=input",
     .input = hold_input,
     .guard = nobody_there,
     .rule = hold,
     .label = "Was held",
     .help = "From now on its effect is due."},
    {.name = "prove",
     .from = "held",
     .to = "effective",
     JUDGED,
     .label = "It worked",
     .help = "Say how you found out. Now it can stand behind a qualification."},
    {.name = "fail",
     .from = "held",
     .to = "ineffective",
     JUDGED,
     .label = "It did not work",
     .help = "Say what is missing still. The gap stays open."},
    {.name = "cancel",
     .from = "planned",
     .to = "cancelled",
     .flags = BL_REASON,
     .label = "Cancel",
     .help = "It is not held; say why."},
    {0},
};
