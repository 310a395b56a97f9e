/*
 * YAML 1.2 core, and what is refused of it.
 */
#include "config_help.h"

#include "config/yaml_tree.h"

/* The kind of the value in `a: TEXT`. */
static enum recon_yaml_kind kind_of(const char *text)
{
    char file[256];
    snprintf(file, sizeof file, "a: %s\n", text);
    struct recon_yaml tree;
    struct recon_faults faults = {0};
    assert_int_equal(recon_yaml_parse(&tree, file, strlen(file), &faults), RECON_OK);
    assert_int_equal(faults.count, 0);
    enum recon_yaml_kind kind = tree.root.node->items[0].node->kind;
    recon_yaml_deinit(&tree);
    return kind;
}

static void scalars_are_those_of_the_core_schema(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum recon_yaml_kind kind;
    } cases[] = {
        {"true", RECON_YAML_BOOLEAN},
        {"False", RECON_YAML_BOOLEAN},
        {"TRUE", RECON_YAML_BOOLEAN},
        {"tRUE", RECON_YAML_TEXT},
        {"yes", RECON_YAML_TEXT},
        {"no", RECON_YAML_TEXT},
        {"on", RECON_YAML_TEXT},
        {"off", RECON_YAML_TEXT},
        {"y", RECON_YAML_TEXT},
        {"null", RECON_YAML_NULL},
        {"~", RECON_YAML_NULL},
        {"", RECON_YAML_NULL},
        {"0", RECON_YAML_INTEGER},
        {"-12", RECON_YAML_INTEGER},
        {"+3", RECON_YAML_INTEGER},
        {"007", RECON_YAML_INTEGER},
        {"0o17", RECON_YAML_INTEGER},
        {"0o8", RECON_YAML_TEXT},
        {"0xFf", RECON_YAML_INTEGER},
        {"0x", RECON_YAML_TEXT},
        {"0b11", RECON_YAML_TEXT},
        {"1_000", RECON_YAML_TEXT},
        {"190:20:30", RECON_YAML_TEXT},
        {"1.5", RECON_YAML_FLOAT},
        {".5", RECON_YAML_FLOAT},
        {"5.", RECON_YAML_FLOAT},
        {"1e3", RECON_YAML_FLOAT},
        {"-1.5E-3", RECON_YAML_FLOAT},
        {"1e", RECON_YAML_TEXT},
        {".", RECON_YAML_TEXT},
        {".inf", RECON_YAML_FLOAT},
        {"-.Inf", RECON_YAML_FLOAT},
        {".nan", RECON_YAML_FLOAT},
        {"2013-02-08", RECON_YAML_TEXT},
        {"'true'", RECON_YAML_TEXT},
        {"\"5\"", RECON_YAML_TEXT},
        {"!!str 5", RECON_YAML_TEXT},
        {"! 5", RECON_YAML_TEXT},
        {"!!int \"5\"", RECON_YAML_INTEGER},
        {"!!bool true", RECON_YAML_BOOLEAN},
        {"5m", RECON_YAML_TEXT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (kind_of(cases[i].text) != cases[i].kind)
            fail_msg("'%s' is of kind %d, expected %d", cases[i].text, kind_of(cases[i].text), cases[i].kind);
    }
}

static void the_form_of_a_document_is_judged(void **state)
{
    (void)state;
    assert_faults("name: a\nname: b\n", "c.yaml:2:1: the key 'name' is here twice: first in line 1; keep one\n");
    assert_faults("name: a\n---\nname: b\n", "c.yaml:2:1: a second document begins here: a configuration is one "
                                             "document, so take out the '---' or what follows it\n");
    assert_faults("name: !secret a\n", "c.yaml:1:7: the tag '!secret' means nothing here: take it out\n");
    assert_faults("audit: !!set {id: a}\n",
                  "c.yaml:1:8: the tag 'tag:yaml.org,2002:set' means nothing here: take it out\n");
    assert_faults("name: !!int a\n", "c.yaml:1:7: 'a' is not what its tag 'tag:yaml.org,2002:int' says\n");
    assert_faults("[a, b]: c\n", "c.yaml:1:1: a key must be a text, not a list or a map\n");
    assert_faults("name: *a\n", "c.yaml:1:7: *a names no anchor before it: put &a in front of the value meant\n");
    assert_faults("kafka: &a {x: *a}\n", "c.yaml:1:15: *a stands inside the value that it names\n");
    assert_faults("name: 'a\n", "c.yaml:2:1: not YAML: found unexpected end of stream; a quote or a bracket is not "
                                "closed\n");
    assert_faults("name: a\n\tinterval: 5m\n",
                  "c.yaml:2:1: not YAML: found a tab character that violates indentation; indent by spaces\n");
    assert_faults("name: @a\n", "c.yaml:1:7: not YAML: found character that cannot start any token; a text that begins "
                                "with @, ` or % needs quotes\n");
    assert_faults(
        "kafka: {a: ${SERVERS}}\n",
        "c.yaml:1:13: not YAML: did not find expected ',' or '}'; a map that begins with '{' needs commas and "
        "its '}'; quote a text that has braces in it\n");
    assert_faults("a: b: c\n",
                  "c.yaml:1:5: not YAML: mapping values are not allowed in this context; a ':' followed by "
                  "a space begins a value: is the line indented as the one before, or does a text need "
                  "quotes?\n");
    assert_faults("name: \xff\n", "c.yaml:1:1: not YAML: invalid leading UTF-8 octet; a configuration is UTF-8 text\n");
}

static void an_empty_document_is_no_fault(void **state)
{
    (void)state;
    assert_faults("", "");
    assert_faults("# nothing\n", "");
    assert_faults("---\n", "");
    assert_faults("\xef\xbb\xbfname: a\r\ninterval: 5m\r\n", "");
}

static void aliases_name_values_and_are_placed_where_they_stand(void **state)
{
    (void)state;
    assert_faults("audit: &both {id: order.id}\nevents: *both\n", "");
    assert_faults("interval: &x [1]\nretention: *x\n",
                  "c.yaml:1:11: interval: expected a duration such as 30s or 5m, found a list\n"
                  "c.yaml:2:12: retention: expected a duration such as 30s or 5m, found a list\n");
}

static void an_alias_of_aliases_is_bounded(void **state)
{
    (void)state;
    assert_faults("a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                  "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                  "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
                  "c.yaml:4:37: more than 10000 values, with aliases written out\n");
}

static void depth_and_size_are_bounded(void **state)
{
    (void)state;
    char text[200] = "a: ";
    memset(text + 3, '[', 100);
    assert_faults(text, "c.yaml:1:35: more than 32 levels of lists and maps\n");
    size_t size = 4 * 20000;
    char *many = malloc(size + 1);
    assert_non_null(many);
    for (size_t i = 0; i < size; i += 4)
        memcpy(many + i, "- a\n", 4);
    many[size] = '\0';
    assert_faults(many, "c.yaml:10000:3: more than 10000 values\n");
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_are_those_of_the_core_schema),
        cmocka_unit_test(the_form_of_a_document_is_judged),
        cmocka_unit_test(an_empty_document_is_no_fault),
        cmocka_unit_test(aliases_name_values_and_are_placed_where_they_stand),
        cmocka_unit_test(an_alias_of_aliases_is_bounded),
        cmocka_unit_test(depth_and_size_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
