(** * Ordered fields, and linear functions on lists of numbers

    Certificates of vertices need division, and that one can tell whether a number is 0: the points are of an ordered field.
    The rationals and the reals are such fields. What is not negative and what is positive are the only two relations here. *)

From Coq Require Import Ring Field.
From Proved Require Import Numbers.

Record field := {
  carrier :> numbers;
  inverse : K carrier -> K carrier;
  inverse_mul : forall a, a <> zero carrier -> mul carrier (inverse a) a = one carrier;
  decided : forall a : K carrier, a = zero carrier \/ a <> zero carrier }.

Section Fields.
Context {F : field}.
Add Ring ring_of_numbers : (is_ring F).

Declare Scope K_scope.
Delimit Scope K_scope with K.
Notation "a + b" := (add F a b) : K_scope.
Notation "a * b" := (mul F a b) : K_scope.
Notation "a - b" := (sub F a b) : K_scope.
Notation "- a" := (opp F a) : K_scope.
Notation "0" := (zero F) : K_scope.
Notation "1" := (one F) : K_scope.
Notation "/ a" := (inverse F a) : K_scope.
Open Scope K_scope.
Notation vector := (list (K F)).

(** ** Signs *)

Definition nonneg (a : K F) : Prop := le F 0 a.
Definition pos (a : K F) : Prop := nonneg a /\ a <> 0.

Lemma one_neq_zero : (1 : K F) <> 0.
Proof.
  intros e. assert (h : le F (of_Q F 1) (of_Q F 0)) by (rewrite of_Q_one, of_Q_zero, e; apply le_refl).
  apply of_Q_le in h. now compute in h.
Qed.

Lemma nonneg_0 : nonneg 0.
Proof. apply le_refl. Qed.
Lemma pos_nonneg a : pos a -> nonneg a.
Proof. now intros [h _]. Qed.
Lemma nonneg_add a b : nonneg a -> nonneg b -> nonneg (a + b).
Proof. intros ha hb. unfold nonneg. replace (0 : K F) with (0 + 0 : K F) by ring. now apply le_add. Qed.
Lemma nonneg_mul a b : nonneg a -> nonneg b -> nonneg (a * b).
Proof. apply le_times. Qed.
Lemma nonneg_opp a : nonneg a -> nonneg (- a) -> a = 0.
Proof.
  intros h h'. apply le_antisym; [|exact h]. apply (le_plus F) with (c := a) in h'.
  replace (0 + a) with a in h' by ring. now replace (- a + a) with (0 : K F) in h' by ring.
Qed.
Lemma nonneg_or a : nonneg a \/ nonneg (- a).
Proof.
  destruct (le_total F 0 a) as [h|h]; [now left | right]. apply le_opp in h.
  unfold nonneg. now replace (- 0) with (0 : K F) in h by ring.
Qed.
Lemma sign a : pos a \/ a = 0 \/ pos (- a).
Proof.
  destruct (decided F a) as [h|h]; [now right; left|]. destruct (nonneg_or a) as [p|p]; [now left|].
  right. right. split; [exact p|]. intros e. apply h. replace a with (- - a) by ring. rewrite e. ring.
Qed.
Lemma nonneg_cases a : nonneg a -> a = 0 \/ pos a.
Proof. intros h. destruct (decided F a); [now left | now right]. Qed.
Lemma negative_or a : nonneg a \/ pos (- a).
Proof. destruct (sign a) as [h|[->|h]]; [left; apply h | left; apply nonneg_0 | now right]. Qed.
Lemma not_negative a : nonneg a -> pos (- a) -> False.
Proof. intros h [h' n]. apply n. rewrite (nonneg_opp a h h'). ring. Qed.
Lemma pos_neq a : pos a -> a <> 0.
Proof. now intros [_ h]. Qed.
Lemma pos_add a b : pos a -> nonneg b -> pos (a + b).
Proof.
  intros [ha na] hb. split; [now apply nonneg_add|]. intros e. apply na. apply nonneg_opp; [exact ha|].
  replace (- a) with b; [exact hb|]. transitivity (a + b - a); [ring | rewrite e; ring].
Qed.
Lemma pos_add_r a b : nonneg a -> pos b -> pos (a + b).
Proof. intros ha hb. replace (a + b) with (b + a) by ring. now apply pos_add. Qed.
Lemma integral a b : a * b = 0 -> a <> 0 -> b = 0.
Proof. intros e h. transitivity (/ a * a * b); [rewrite inverse_mul by exact h; ring|]. transitivity (/ a * (a * b)); [ring | rewrite e; ring]. Qed.
Lemma neq_mul a b : a <> 0 -> b <> 0 -> a * b <> 0.
Proof. intros ha hb e. apply hb. exact (integral a b e ha). Qed.
Lemma pos_mul a b : pos a -> pos b -> pos (a * b).
Proof. intros [ha na] [hb nb]. split; [now apply nonneg_mul | now apply neq_mul]. Qed.
Lemma pos_1 : pos 1.
Proof.
  split; [|apply one_neq_zero]. unfold nonneg. rewrite <- of_Q_one, <- of_Q_zero. apply of_Q_le. now compute.
Qed.
Lemma pos_inverse a : pos a -> pos (/ a).
Proof.
  intros h. assert (e := inverse_mul F a (pos_neq a h)). destruct (sign (/ a)) as [p|[z|p]]; [exact p| |].
  - exfalso. apply one_neq_zero. rewrite <- e, z. ring.
  - exfalso. apply (not_negative 1); [apply pos_nonneg, pos_1|].
    replace (- (1) : K F) with (- / a * a); [now apply pos_mul|]. rewrite <- e. ring.
Qed.
Lemma nonneg_divide a b : nonneg (b * a) -> pos b -> nonneg a.
Proof.
  intros h hb. replace a with (/ b * (b * a)); [apply nonneg_mul; [apply pos_nonneg, pos_inverse, hb | exact h]|].
  transitivity (/ b * b * a); [ring|]. rewrite inverse_mul by (apply hb). ring.
Qed.
Lemma pos_divide a b : pos (b * a) -> pos b -> pos a.
Proof.
  intros h hb. split; [now apply nonneg_divide with b; [apply pos_nonneg|]|]. intros ->. apply h. ring.
Qed.
Lemma nonneg_trans a b c : nonneg (b - a) -> nonneg (c - b) -> nonneg (c - a).
Proof. intros h h'. replace (c - a) with ((c - b) + (b - a)) by ring. now apply nonneg_add. Qed.

Lemma exists_or_all {A} (P Q : A -> Prop) l : (forall a, P a \/ Q a) -> Exists P l \/ Forall Q l.
Proof. intros h. induction l as [|a l [IH|IH]]; [now right | left; now right|]. destruct (h a); [left; now left | right; now constructor]. Qed.

(** The members of a list at which a function is not 0, and the others. *)
Lemma divided {A} (f : A -> K F) l :
  exists l0 l1, (forall a, In a l <-> In a l0 \/ In a l1) /\ Forall (fun a => f a = 0) l0 /\ Forall (fun a => f a <> 0) l1.
Proof.
  induction l as [|a l [l0 [l1 [h [h0 h1]]]]]; [exists [], []; split; [simpl; tauto | split; constructor]|].
  destruct (decided F (f a)) as [e|e]; [exists (a :: l0), l1 | exists l0, (a :: l1)]; (split; [|split]).
  1, 4: intros b; specialize (h b); simpl; tauto.
  all: try constructor; assumption.
Qed.

(** ** Small numbers: what is positive stays so *)

Definition soon (e : K F) (P : K F -> Prop) : Prop := forall d, pos d -> nonneg (e - d) -> P d.

Lemma small_one a b : pos a -> exists e, pos e /\ soon e (fun d => pos (a + d * b)).
Proof.
  intros h. destruct (negative_or b) as [hb|hb].
  - exists 1. split; [apply pos_1|]. intros d hd _. apply pos_add; [exact h|]. apply nonneg_mul; [apply hd | exact hb].
  - assert (hs : pos (a - b)) by (replace (a - b) with (a + - b) by ring; apply pos_add; [exact h | apply hb]).
    exists (a * / (a - b)). split; [now apply pos_mul, pos_inverse|]. intros d hd he.
    replace (a + d * b) with (a * (a * / (a - b)) + (a * / (a - b) - d) * - b).
    + apply pos_add; [now apply pos_mul, pos_mul, pos_inverse|]. apply nonneg_mul; [exact he | apply hb].
    + transitivity (a * (/ (a - b) * (a - b)) + d * b); [ring|]. rewrite inverse_mul by (apply hs). ring.
Qed.

Lemma soon_both P Q : (exists e, pos e /\ soon e P) -> (exists e, pos e /\ soon e Q) -> exists e, pos e /\ soon e (fun d => P d /\ Q d).
Proof.
  intros [e [he hp]] [e' [he' hq]]. destruct (nonneg_or (e - e')) as [h|h].
  - exists e'. split; [exact he'|]. intros d hd hs. split; [|now apply hq]. apply hp; [exact hd|]. now apply nonneg_trans with e'.
  - exists e. split; [exact he|]. intros d hd hs. split; [now apply hp|]. apply hq; [exact hd|].
    apply nonneg_trans with e; [exact hs|]. now replace (e' - e) with (- (e - e')) by ring.
Qed.

Lemma small {A} (f g : A -> K F) l :
  Forall (fun a => pos (f a)) l -> exists e, pos e /\ soon e (fun d => Forall (fun a => pos (f a + d * g a)) l).
Proof.
  induction l as [|a l IH]; intros h; [exists 1; split; [apply pos_1 | constructor]|]. inversion h; subst.
  destruct (soon_both _ _ (small_one (f a) (g a) H1) (IH H2)) as [e [he hs]]. exists e. split; [exact he|].
  intros d hd hd'. destruct (hs d hd hd'). now constructor.
Qed.

(** ** Vectors *)

(** a x + b y *)
Fixpoint comb (a : K F) (x : vector) (b : K F) (y : vector) : vector :=
  match x, y with x0 :: x', y0 :: y' => a * x0 + b * y0 :: comb a x' b y' | _, _ => [] end.

Lemma length_comb a x b y : length x = length y -> length (comb a x b y) = length x.
Proof. revert y. induction x as [|x0 x IH]; intros [|y0 y] h; simpl in *; try easy. now rewrite IH by lia. Qed.

Definition linear_on (n : nat) (f : vector -> K F) : Prop :=
  forall a x b y, length x = n -> length y = n -> f (comb a x b y) = a * f x + b * f y.

Definition origin (n : nat) : vector := repeat 0 n.

Lemma linear_origin n f : linear_on n f -> f (origin n) = 0.
Proof.
  intros h. assert (hl : length (origin n) = n) by apply repeat_length.
  replace (origin n) with (comb 0 (origin n) 0 (origin n)); [rewrite h by exact hl; ring|].
  unfold origin. clear. induction n as [|n IH]; [reflexivity|]. simpl. rewrite IH. f_equal. ring.
Qed.

Lemma linear_mixed n f g a b : linear_on n f -> linear_on n g -> linear_on n (fun x => a * f x + b * g x).
Proof. intros hf hg c x d y hx hy. rewrite hf, hg by assumption. ring. Qed.

Lemma linear_neg n f : linear_on n f -> linear_on n (fun x => - f x).
Proof. intros hf a x b y hx hy. rewrite hf by assumption. ring. Qed.

Lemma linear_tail n f : linear_on (S n) f -> linear_on n (fun x => f (0 :: x)).
Proof.
  intros h a x b y hx hy. rewrite <- h by (simpl; lia). simpl. do 2 f_equal. ring.
Qed.

(** ** Weighted points *)

Notation weighted := (list (K F * vector)).

Definition total (f : vector -> K F) (ps : weighted) : K F := fold_right (fun p s => fst p * f (snd p) + s) 0 ps.

Lemma total_app f ps qs : total f (ps ++ qs) = total f ps + total f qs.
Proof. induction ps as [|p ps IH]; simpl; [ring | rewrite IH; ring]. Qed.

Lemma total_ext f g ps : Forall (fun p => f (snd p) = g (snd p)) ps -> total f ps = total g ps.
Proof. induction 1 as [|p ps e _ IH]; simpl; [reflexivity | now rewrite IH, e]. Qed.

Lemma total_zero f ps : Forall (fun p => fst p * f (snd p) = 0) ps -> total f ps = 0.
Proof. induction 1 as [|p ps e _ IH]; simpl; [reflexivity | rewrite IH, e; ring]. Qed.

Lemma total_nonneg f ps : Forall (fun p => nonneg (fst p * f (snd p))) ps -> nonneg (total f ps).
Proof. induction 1; simpl; [apply nonneg_0 | now apply nonneg_add]. Qed.

Lemma total_mixed f g a b ps : total (fun x => a * f x + b * g x) ps = a * total f ps + b * total g ps.
Proof. induction ps as [|p ps IH]; simpl; [ring | rewrite IH; ring]. Qed.

(** More than n vectors with n coordinates are dependent: some sum of multiples of them is 0, seen by every linear function. *)
Lemma dependent n : forall vs : list vector, Forall (fun v => length v = n) vs -> (n < length vs)%nat ->
  exists ps : weighted, map snd ps = vs /\ Exists (fun p => fst p <> 0) ps /\ forall f, linear_on n f -> total f ps = 0.
Proof.
  induction n as [|n IH]; intros vs hl hn.
  - destruct vs as [|v vs]; [simpl in hn; lia|]. exists (map (fun v => (1, v)) (v :: vs)). split; [rewrite map_map; apply map_id|].
    split; [left; apply one_neq_zero|]. intros f hf. apply total_zero. apply Forall_forall. intros p hp.
    apply in_map_iff in hp. destruct hp as [w [<- hw]]. rewrite Forall_forall in hl. specialize (hl w hw). destruct w; [|easy].
    simpl. change [] with (origin 0). rewrite (linear_origin 0 f hf). ring.
  - assert (hh : Forall (fun v => hd 0 v = 0) vs \/ Exists (fun v => hd 0 v <> 0) vs).
    { clear -F. induction vs as [|v vs [h|h]]; [now left | | right; now right].
      destruct (decided F (hd 0 v)); [left; now constructor | right; now left]. }
    destruct hh as [hz|he].
    + destruct (IH (map (@tl _) vs)) as [ps [hs [hx hf]]]; [|rewrite map_length; lia|].
      { apply Forall_forall. intros w hw. apply in_map_iff in hw. destruct hw as [v [<- hv]]. rewrite Forall_forall in hl.
        specialize (hl v hv). destruct v; simpl in *; lia. }
      exists (map (fun p => (fst p, 0 :: snd p)) ps). split; [|split].
      * rewrite map_map. simpl. transitivity (map (cons 0) (map snd ps)); [now rewrite map_map|]. rewrite hs, map_map.
        rewrite <- (map_id vs) at 2. apply map_ext_in. intros v hv. rewrite Forall_forall in hl, hz. specialize (hl v hv).
        specialize (hz v hv). destruct v as [|v0 v]; [easy|]. simpl in *. now rewrite hz.
      * apply Exists_exists in hx. destruct hx as [p [hp hx]]. apply Exists_exists. exists (fst p, 0 :: snd p).
        split; [|exact hx]. apply in_map_iff. now exists p.
      * intros f hlin. etransitivity; [|exact (hf (fun x => f (0 :: x)) (linear_tail n f hlin))]. clear. induction ps as [|p ps IH]; [reflexivity|].
        simpl. now rewrite IH.
    + apply Exists_exists in he. destruct he as [u [hu hne]]. apply in_split in hu. destruct hu as [l1 [l2 ->]].
      set (c := / hd 0 u). set (less := fun v : vector => comb 1 (tl v) (- (hd 0 v * c)) (tl u)).
      rewrite Forall_app in hl. destruct hl as [hl1 hl2]. inversion hl2 as [|? ? hu hl3]; subst.
      assert (hlen : forall v, length v = S n -> length (less v) = n).
      { intros v hv. unfold less. destruct v, u; simpl in *; try lia. rewrite length_comb; lia. }
      assert (hless : forall f v, linear_on (S n) f -> length v = S n -> f (0 :: less v) = f v - hd 0 v * c * f u).
      { intros f v hf hv. transitivity (f (comb 1 v (- (hd 0 v * c)) u)); [|rewrite hf by lia; ring]. unfold less.
        destruct v as [|v0 v], u as [|u0 u]; try easy. simpl in *. do 2 f_equal. unfold c.
        transitivity (v0 - v0 * (/ u0 * u0)); [rewrite inverse_mul by exact hne; ring | ring]. }
      destruct (IH (map less (l1 ++ l2))) as [ps [hs [hx hf]]].
      { apply Forall_forall. intros w hw. apply in_map_iff in hw. destruct hw as [v [<- hv]]. apply hlen. apply in_app_or in hv.
        rewrite Forall_forall in hl1, hl3. destruct hv; auto. }
      { rewrite map_length. rewrite app_length in *. simpl in hn. lia. }
      assert (back : forall ps0 l, map snd ps0 = map less l -> Forall (fun v => length v = S n) l ->
        exists qs, map snd qs = l /\ map fst qs = map fst ps0
          /\ forall f, linear_on (S n) f -> total (fun x => f (0 :: x)) ps0 = total f qs - total (fun v => hd 0 v) qs * c * f u).
      { intros ps0. induction ps0 as [|p ps0 IHp]; intros [|v l] e hv; try easy.
        - exists []. repeat split. intros f _. simpl. ring.
        - simpl in e. injection e as e1 e2. inversion hv; subst. destruct (IHp l e2 H2) as [qs [h1 [h2 h3]]].
          exists ((fst p, v) :: qs). simpl. rewrite h1, h2. repeat split. intros f hf'. rewrite (h3 f hf'), e1, hless by assumption. ring. }
      rewrite map_app in hs. apply map_eq_app in hs. destruct hs as [ps1 [ps2 [-> [h1 h2]]]].
      destruct (back ps1 l1 h1 hl1) as [q1 [e1 [k1 t1]]]. destruct (back ps2 l2 h2 hl3) as [q2 [e2 [k2 t2]]].
      exists (q1 ++ (- (total (fun v => hd 0 v) (q1 ++ q2) * c), u) :: q2). split; [|split].
      * rewrite map_app. simpl. now rewrite e1, e2.
      * apply Exists_exists in hx. destruct hx as [p [hp hx]]. assert (hin : In (fst p) (map fst (q1 ++ q2))).
        { rewrite map_app, k1, k2, <- map_app. now apply in_map. }
        apply in_map_iff in hin. destruct hin as [p' [ep hp']]. apply Exists_exists. exists p'. split; [|now rewrite ep].
        apply in_app_or in hp'. apply in_or_app. simpl. tauto.
      * intros f hlin. specialize (hf _ (linear_tail n f hlin)). rewrite total_app, t1, t2 in hf by exact hlin.
        etransitivity; [|exact hf]. rewrite !total_app. simpl. ring.
Qed.

End Fields.
