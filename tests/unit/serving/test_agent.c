/* Who is a person's browser and who is not, and what it runs on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "serving/agent.h"

static const struct {
    const char *agent;
    enum device device;
    enum platform platform;
} people[] = {
    { "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
      DEVICE_DESKTOP, PLATFORM_WINDOWS },
    { "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
      DEVICE_DESKTOP, PLATFORM_MACOS },
    { "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", DEVICE_DESKTOP, PLATFORM_LINUX },
    { "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
      DEVICE_DESKTOP, PLATFORM_CHROMEOS },
    { "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
      "Mobile/15E148 Safari/604.1",
      DEVICE_MOBILE, PLATFORM_IOS },
    { "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 "
      "Safari/604.1",
      DEVICE_TABLET, PLATFORM_IOS },
    { "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
      DEVICE_MOBILE, PLATFORM_ANDROID },
    { "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
      DEVICE_TABLET, PLATFORM_ANDROID },
    { "Mozilla/5.0 (Linux; Android 9; CUBOT NOTE 20) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile "
      "Safari/537.36",
      DEVICE_MOBILE, PLATFORM_ANDROID },
    { "Mozilla/5.0 (Linux; Android 9; KFTRWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/120.1 like Chrome/120.0 "
      "Safari/537.36",
      DEVICE_TABLET, PLATFORM_FIRE_OS },
    { "Mozilla/5.0 (Linux; Android 9; AFTMM Build/PS7) AppleWebKit/537.36 (KHTML, like Gecko) Silk/120.1 like Chrome/120.0 "
      "Safari/537.36",
      DEVICE_CTV, PLATFORM_FIRE_OS },
    { "Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/7.0 TV Safari/537.36",
      DEVICE_CTV, PLATFORM_TIZEN },
    { "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0 Safari/537.36 WebAppManager",
      DEVICE_CTV, PLATFORM_WEBOS },
    { "Roku/DVP-12.5 (12.5.0.4178-88)", DEVICE_CTV, PLATFORM_ROKU_OS },
    { "AppleCoreMedia/1.0.0.21K69 (Apple TV; U; CPU OS 17_1 like Mac OS X; en_us)", DEVICE_CTV, PLATFORM_TVOS },
    { "Mozilla/5.0 (something new)", DEVICE_UNKNOWN, PLATFORM_UNKNOWN },
};

static struct agent read(const char *text)
{
    return agent_read(str_from(text), STR_NONE);
}

static void people_are_told_by_their_browsers(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(people); i++) {
        struct agent a = read(people[i].agent);
        if (a.kind != AGENT_BROWSER) print_message("%s\n", people[i].agent);
        assert_int_equal(a.kind, AGENT_BROWSER);
        assert_int_equal(a.device, people[i].device);
        assert_int_equal(a.platform, people[i].platform);
    }
}

static void crawlers_say_so(void **state)
{
    static const char *const bots[] = {
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0)",
        "curl/8.5.0",
        "Wget/1.21",
        "python-requests/2.31.0",
        "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
        "a sentry/24.1", /* anchored to a word's beginning */
        "SSL Labs",      /* anchored to the end */
        "Spider; see spider.com", /* two pieces, in this order */
    };
    for (size_t i = 0; i < ARRAY_LEN(bots); i++) {
        if (read(bots[i]).kind != AGENT_BOT) print_message("%s\n", bots[i]);
        assert_int_equal(read(bots[i]).kind, AGENT_BOT);
    }
}

static void anchors_and_order_are_kept(void **state)
{
    assert_int_equal(read("Mozilla/5.0 consentry/1").kind, AGENT_BROWSER);
    assert_int_equal(read("Mozilla/5.0 SSL Labs and more").kind, AGENT_BROWSER);
    assert_int_equal(read("Mozilla/5.0 spider.com Spider").kind, AGENT_BROWSER);
    assert_int_equal(read("Mozilla/5.0 curl").kind, AGENT_BROWSER);
}

static void what_is_no_browser_shows_nobody_ads(void **state)
{
    assert_int_equal(read("").kind, AGENT_OTHER);
    assert_int_equal(read("-").kind, AGENT_OTHER);
    assert_int_equal(read("my script").kind, AGENT_OTHER);
    assert_int_equal(agent_read(STR("ab"), STR_NONE).kind, AGENT_OTHER);
}

static void agents_are_told_apart_and_long_ones_end(void **state)
{
    static char long_one[100000];
    memset(long_one, 'x', sizeof(long_one) - 1);
    memcpy(long_one, "Mozilla/5.0 ", 12);
    memcpy(long_one + 90000, "Googlebot/", 10);
    assert_int_equal(read(long_one).kind, AGENT_BROWSER);
    assert_int_not_equal(read(people[0].agent).hash, read(people[1].agent).hash);
    assert_int_equal(read(people[0].agent).hash, read(people[0].agent).hash);
}

static void a_phone_may_say_so_in_a_header(void **state)
{
    struct agent a = agent_read(STR("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"), STR("?1"));
    assert_int_equal(a.device, DEVICE_MOBILE);
}

static void words_are_adcps(void **state)
{
    enum device d;
    enum platform p;
    assert_true(device_parse(STR("ctv"), &d));
    assert_int_equal(d, DEVICE_CTV);
    assert_string_equal(device_name(d), "ctv");
    assert_true(platform_parse(STR("roku_os"), &p));
    assert_int_equal(p, PLATFORM_ROKU_OS);
    assert_false(device_parse(STR("fridge"), &d));
    assert_false(platform_parse(STR_NONE, &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_are_told_by_their_browsers),
        cmocka_unit_test(crawlers_say_so),
        cmocka_unit_test(anchors_and_order_are_kept),
        cmocka_unit_test(what_is_no_browser_shows_nobody_ads),
        cmocka_unit_test(agents_are_told_apart_and_long_ones_end),
        cmocka_unit_test(a_phone_may_say_so_in_a_header),
        cmocka_unit_test(words_are_adcps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
